/** The handlers that come with Troupe, made for these settings. */
import { exampleTasks } from "./example-tasks.ts";
import { externalApiLive, externalApiMock } from "./external-api.ts";
import type { Handler } from "../handler.ts";
import { inputHandler } from "./input.ts";
import { llmLive, llmMock } from "./llm.ts";
import type { Surroundings } from "./mock-service.ts";
import { noop } from "./noop.ts";
import { output } from "./output.ts";
import { isPublicAddress, systemResolve } from "../http-client/public-address.ts";
import type { HandlerSettings } from "../settings.ts";

export function builtInHandlers(settings: HandlerSettings, surroundings: Surroundings): readonly Handler[] {
  const guard = { resolve: systemResolve, allow: settings.httpAllowPrivate ? null : isPublicAddress };
  return [
    inputHandler(surroundings),
    output,
    settings.externalServices === "live" ? externalApiLive(settings, surroundings, guard) : externalApiMock(settings, surroundings),
    settings.llm === null ? llmMock(settings, surroundings) : llmLive(settings, settings.llm, surroundings),
    noop,
    ...exampleTasks,
  ];
}
