/** The real browser of the tests of pages. */
import { type Browser, chromium } from "playwright-core";
import { browserPath } from "../../scripts/browser.ts";

/** On a fresh machine the browser is installed first. */
export const INSTALL_TIMEOUT_MS = 300_000;

/** Playwright itself gives each browser an empty user-data-dir. `names`: rules for names; no other is resolved, so that nothing can be fetched from outside. */
export function launchBrowser(names = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath(),
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--host-resolver-rules=${names}`,
    ],
  });
}
