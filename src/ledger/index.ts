export {
  type AbandonedOptions,
  claimInstance,
  type ClaimedInstance,
  instancesIn,
  type AbandonedLedger,
  settleAbandoned,
} from "./instances.ts";
export * from "./ledger.ts";
export * from "./open.ts";
export * from "./reader.ts";
export {
  lastRowOf,
  nextShipment,
  renewShippingName,
  type Shipment,
  type Shipped,
  shippingName,
  type ShippingName,
  unshippedTotals,
} from "./shipping.ts";
export { SUMMED } from "./sum-columns.ts";
export * from "./sums/roll-up-ledgers.ts";
export * from "./totals.ts";
