/** 1536 -> "1.5 kB": as file managers say it. */
export function amountText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let at = 0;
  let size = bytes;
  while (size >= 1_000 && at < units.length - 1) {
    size /= 1_000;
    at += 1;
  }
  return `${at === 0 ? size : size.toFixed(1)} ${units[at]}`;
}

/** How a transfer goes: so much of it, how fast, and how long it still takes where its size is known. Times are in milliseconds. */
export function progressText(done: number, total: number | undefined, tookMs: number): string {
  const perSecond = tookMs < 200 ? 0 : (done * 1_000) / tookMs;
  const words = [total === undefined ? amountText(done) : `${amountText(done)} of ${amountText(total)}`];
  if (perSecond > 0) {
    words.push(`${amountText(perSecond)} a second`);
    if (total !== undefined && done < total) words.push(`${Math.ceil((total - done) / perSecond)} s left`);
  }
  return words.join(' · ');
}
