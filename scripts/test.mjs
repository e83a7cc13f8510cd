// `npm test [-- --only NAME,NAME]`: sets up what is missing, then runs every check and test.
// A name also stands for all stages that begin with it: `--only ui` is ui-check, ui-test and ui-build.
import { main, Stop, seconds } from "./lib/run.mjs";
import { STAGES } from "./lib/stages.mjs";
import { setup } from "./setup.mjs";

const SET_UP = { name: "set-up", run: () => setup({ tests: true }).then(() => 0) };

await main(async (args) => {
  const stages = [SET_UP, ...chosen(args)];
  const results = new Map();
  for (const stage of stages) {
    results.set(stage.name, await result(stage, results));
    if (stage === SET_UP && results.get(stage.name).state === "failed") break;
  }
  return report(results);
});

/** The stages to run, with the ones they need, in their order. */
function chosen(args) {
  if (args.length === 0) return STAGES;
  const names = args[0] === "--only" && args.length === 2 ? args[1].split(",") : [];
  const matches = (name) => STAGES.filter((stage) => stage.name === name || stage.name.startsWith(`${name}-`));
  if (names.length === 0 || names.some((name) => matches(name).length === 0)) {
    throw new Stop(`Use: npm test -- --only NAME,NAME with names of ${STAGES.map(({ name }) => name).join(", ")}`);
  }
  const wanted = new Set(names.flatMap(matches).flatMap((stage) => [stage.name, ...(stage.needs ?? [])]));
  return STAGES.filter((stage) => wanted.has(stage.name));
}

async function result(stage, earlier) {
  const began = Date.now();
  const without = stage.needs?.find((name) => earlier.get(name)?.state !== "passed");
  if (without !== undefined) return { state: "skipped", time: seconds(began), remark: `needs ${without}` };
  console.log(`\n=== ${stage.name}`);
  try {
    const code = await stage.run();
    if (code?.skipped) return { state: "skipped", time: seconds(began), remark: code.skipped };
    return {
      state: code === 0 ? "passed" : "failed",
      time: seconds(began),
      remark: code === 0 ? "" : `exit code ${code}`,
    };
  } catch (error) {
    console.error(error instanceof Stop ? error.message : error);
    return { state: "failed", time: seconds(began), remark: error.message.split("\n")[0] };
  }
}

/** Prints the table and the sums. @returns the exit code */
function report(results) {
  console.log("");
  const width = Math.max(...[...results.keys()].map((name) => name.length));
  for (const [name, { state, time, remark }] of results) {
    console.log(`${name.padEnd(width)}  ${state.padEnd(7)} ${time}  ${remark}`.trimEnd());
  }
  const sum = (state) => [...results.values()].filter((one) => one.state === state).length;
  const skipped = sum("skipped") > 0 ? `, ${sum("skipped")} skipped` : "";
  console.log(`\n${sum("passed")} passed, ${sum("failed")} failed${skipped}`);
  return sum("failed") === 0 ? 0 : 1;
}
