// Every window test in one process, several side by side:
//   node --test-reporter=spec [--test-name-pattern=WORDS] tests/window/run.mjs
import { readdirSync } from "node:fs";
import { runTests } from "./stage.mjs";

for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith(".test.mjs"))) {
  await import(`./${file}`);
}
runTests();
