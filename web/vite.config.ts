/** Builds one file, which the package ships: everything inline, nothing named by time or place. */

import { copyFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";

/** The file into the package, under the name that it has there; with LAB_PAGE=FILE somewhere else (a test compares). */
function shipped(): Plugin {
  const target = process.env.LAB_PAGE ?? "../src/carousel/page/lab.html";
  return { name: "shipped", closeBundle: () => copyFileSync("build/index.html", target) };
}

export default defineConfig({
  root: "src",
  plugins: [svelte({ compilerOptions: { cssHash: ({ hash, css }) => `s${hash(css)}` } }), viteSingleFile(), shipped()],
  build: {
    outDir: "../build",
    emptyOutDir: true,
    target: "es2023",
    chunkSizeWarningLimit: 1000,
    modulePreload: false,
    reportCompressedSize: false,
  },
  worker: { format: "iife" },
});
