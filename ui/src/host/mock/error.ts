import type { Code, HostError } from "../host";

/** What a call of the host rejects with. */
export function error(code: Code): HostError {
  return { code, message: code };
}
