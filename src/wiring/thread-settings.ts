/** The settings that a thread of the pool gets when it starts. */
import type { Config } from "../env/config/config.ts";
import type { HandlerBundle } from "../handlers/loading/bundle.ts";
import type { HandlerSettings } from "../handlers/settings.ts";

/** The content of the first message. A thread reads no environment. */
export type ThreadSettings = HandlerSettings & Pick<Config, "logLevel" | "instanceName"> & { readonly bundle: HandlerBundle };
