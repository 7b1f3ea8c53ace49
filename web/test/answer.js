// Questions as JSON on standard input -> answers on standard output: tests/page/test_lab_numbers.py.
import { text } from "node:stream/consumers";
import { answer } from "./answers.ts";

process.stdout.write(JSON.stringify(JSON.parse(await text(process.stdin)).map(answer)));
