/** A network in its own thread, as the page sees it. It trains only when asked, so that a pause is to ask no more. */

import type { Recipe } from "../nn/training.ts";
import { STEPS, STRIDE } from "./race.ts";
import type { Report, Standing } from "./runner.ts";
import TrainingWorker from "./worker.ts?worker&inline";

export class Lane {
  reports: Report[] = $state.raw([]);
  running = $state(false);
  /** The thread could not be started, or broke. */
  failed = $state(false);
  /** Of the last report. */
  parameters: Float64Array[] = [];
  readonly recipe: Recipe;
  private worker: Worker | undefined;
  private busy = false; // a report is to come

  constructor(recipe: Recipe) {
    this.recipe = recipe;
  }

  get step(): number {
    return this.reports.at(-1)?.step ?? 0;
  }

  go(): void {
    this.running = this.step < STEPS;
    if (this.worker) this.ask();
    else this.begin();
  }

  /** Not before it is to go: a slider makes many lanes that never do. */
  private begin(): void {
    this.worker = new TrainingWorker();
    this.worker.onmessage = ({ data }: MessageEvent<Standing>) => this.take(data);
    this.worker.onerror = () => this.fail();
    this.busy = true;
    this.worker.postMessage(this.recipe);
  }

  /** What is under way is finished first: a report more may come. */
  pause(): void {
    this.running = false;
  }

  end(): void {
    this.pause();
    this.worker?.terminate();
  }

  private fail(): void {
    this.running = false;
    this.failed = true;
  }

  private take({ report, parameters }: Standing): void {
    this.busy = false;
    this.parameters = parameters;
    this.reports = [...this.reports, report];
    if (report.step >= STEPS) this.running = false;
    this.ask();
  }

  private ask(): void {
    if (!this.running || this.busy) return;
    this.busy = true;
    this.worker!.postMessage(STRIDE);
  }
}
