/** What a thread of the pool is told when it starts. */
import type { Config } from "../env/config/config.ts";
import type { HandlerBundle } from "../handlers/loading/bundle.ts";
import type { HandlerSettings } from "../handlers/settings.ts";

/** What comes in the first message: a thread reads no environment. */
export type ThreadSettings = HandlerSettings & Pick<Config, "logLevel" | "instanceName"> & { readonly bundle: HandlerBundle };
