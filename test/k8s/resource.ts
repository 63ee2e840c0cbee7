/** Any value of a manifest. */
// biome-ignore lint/suspicious/noExplicitAny: manifests of many kinds, each checked against its schema
export type Manifest = any;

/** One object of a cluster, as a manifest says it. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: Manifest;
}

/** What tells one object from another. */
export function idOf({ apiVersion, kind, metadata }: Resource): string {
  return `${apiVersion} ${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
}

/** Whether an object with these labels is selected. Only what our manifests use of selectors. */
export function selects(selector: Manifest, labels: Record<string, string> = {}): boolean {
  const { matchLabels = {}, ...rest } = selector;
  if (Object.keys(rest).length > 0) throw new Error(`a selector with ${Object.keys(rest)}`);
  return Object.entries(matchLabels).every(([name, value]) => labels[name] === value);
}
