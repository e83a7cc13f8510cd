// The session's message bus, as a desktop uses it that a test stands in for.
import dbus from "@particle/dbus-next";
import { until } from "./wait.mjs";

export async function joinBus(busAddress) {
  const bus = dbus.sessionBus({ busAddress });
  // The bus ends before or after us; both are fine.
  bus.on("error", () => {});
  await until("the bus names us", () => bus.name);
  return bus;
}
