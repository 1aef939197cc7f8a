/** The link to one host, wherever it lives: the seam between the pool's rules and threads, processes and tests. */
import type { HandlerInfo } from "../../workflow/definition/catalog.ts";
import type { Slots } from "./slots.ts";
import type { FromHost } from "./protocol.ts";
import type { AbortReason, Outcomes, Work } from "./work.ts";

export type Link = {
  readonly slots: Slots;
  send(works: readonly Work[]): void;
  abort(slots: readonly number[], reason: AbortReason): void;
  /** Ends the host at once, whatever it does. Never called before its first message. Nothing is heard of it afterwards. */
  end(): void;
};

/** The events of a host. `ready` or `faults` comes first. */
export type LinkEvents = {
  ready(handlers: readonly HandlerInfo[]): void;
  /** The host cannot load what runs attempts, and the link must be ended. */
  faults(faults: readonly string[]): void;
  outcomes(outcomes: Outcomes): void;
  /** The host ended by itself. Everything that it had sent before was heard. */
  gone(reason: string): void;
  /** Something was thrown outside any attempt. */
  late(message: string): void;
};

/** Starts a host with so many slots. `settings`: what it loads. Throws if the machine cannot start one now. */
export type StartLink = (slots: number, events: LinkEvents, settings: unknown) => Link;

/** Passes on what a host says beside its frames. */
export function tell(message: FromHost, events: LinkEvents): void {
  switch (message.type) {
    case "ready":
      return events.ready(message.handlers);
    case "faults":
      return events.faults(message.faults);
    case "late":
      return events.late(message.message);
  }
}
