// The session's message bus, as a desktop uses it that a test stands in for.
import dbus from "@particle/dbus-next";
import { firstLine, start } from "./process.mjs";
import { until } from "./wait.mjs";

/** Starts a bus. @returns its process, with its `address` */
export async function startBus(env) {
  const bus = start("dbus-daemon", ["--session", "--nofork", "--print-address=3"], { env, extraPipes: 1 });
  return Object.assign(bus, { address: await firstLine(bus, "the message bus") });
}

export async function joinBus(busAddress) {
  const bus = dbus.sessionBus({ busAddress });
  // The bus ends before or after us; both are fine.
  bus.on("error", () => {});
  await until("the bus names us", () => bus.name);
  return bus;
}
