/** Services that show the inside of a server; they are exposed only when asked for by name. */
const OPERATOR_SERVICES = /^(?:grpc\.(?:reflection|channelz|admin|binarylog)\.|envoy\.)/;

/** Whether a service is not exposed by default. */
export function isOperatorService(name: string): boolean {
  return OPERATOR_SERVICES.test(name);
}
