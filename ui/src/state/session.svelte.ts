import type { Host, NodeStatus } from "../host/host";
import { Pull } from "./pull";

const OFFLINE: NodeStatus = {
  phase: "offline",
  name: null,
  port: null,
  addresses: [],
  peersOnline: 0,
  peersTotal: 0,
  requestsAllowed: true,
  echo: false,
  failedCallers: [],
  doNotDisturb: false,
  reached: false,
  mapping: { kind: "off" },
  pinhole: null,
};

/** My own node: from Connect to Disconnect. */
export class Session {
  status: NodeStatus = $state.raw(OFFLINE);
  /** Whether the first answer is there: before it, neither view is right. */
  known = $state(false);
  #host: Host;
  #pull: Pull;

  constructor(host: Host) {
    this.#host = host;
    this.#pull = new Pull(async () => {
      this.status = await host.status();
      this.known = true;
    });
  }

  get online(): boolean {
    return this.status.phase === "online";
  }

  refresh(): Promise<void> {
    return this.#pull.run();
  }

  /** Hands the password over and wipes it, whatever comes of it. */
  async connect(name: string, password: Uint8Array, port: number): Promise<void> {
    try {
      await this.#host.connect(name, password, port);
    } finally {
      password.fill(0);
      await this.refresh();
    }
  }

  /** With the password that is remembered. */
  async connectRemembered(): Promise<void> {
    try {
      await this.#host.connectRemembered();
    } finally {
      await this.refresh();
    }
  }

  async disconnect(): Promise<void> {
    await this.#host.disconnect();
    await this.refresh();
  }

  async allowRequests(allowed: boolean): Promise<void> {
    await this.#host.allowRequests(allowed);
    await this.refresh();
  }
}

/** What the status bar says of people who called and did not prove the password. */
export function failedCalls(status: NodeStatus): string {
  const calls = status.failedCallers.reduce((sum, caller) => sum + caller.count, 0);
  return calls === 1 ? "1 call with another password" : `${calls} calls with another password`;
}

/** The line at the bottom of the window. `kept`: the port that friends know, if one is remembered. */
export function statusLine(status: NodeStatus, kept: number | null = null): string {
  if (status.phase === "connecting") return "Connecting…";
  if (status.phase === "offline") return "Not connected";
  const online = `${status.peersOnline} of ${status.peersTotal} peers online`;
  const taken = kept === null || kept === status.port ? "" : ` this time (another program has ${kept})`;
  return `Connected as ${status.name ?? ""} · UDP port ${status.port ?? 0}${taken} · ${online}`;
}
