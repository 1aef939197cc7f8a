/** A part of kafkajs that it has no types for. */
declare module "kafkajs/src/network/requestQueue/index.js" {
  const RequestQueue: { readonly prototype: { readonly pending: readonly unknown[]; scheduleCheckPendingRequests(): void } };
  export default RequestQueue;
}
