/** A store that refuses some calls, as one that is away. */
import type { SharedStore } from "../../src/store/shared-store.ts";
import { StoreUnavailable } from "../../src/store/store.ts";

/** `refuses`: asked of each call, by its name. */
export function refusing(store: SharedStore, refuses: (call: string) => boolean): SharedStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...values: readonly unknown[]) =>
        refuses(String(name)) ? Promise.reject(new StoreUnavailable("simulated: away")) : Reflect.apply(value, target, values);
    },
  });
}
