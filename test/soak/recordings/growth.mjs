/**
 * By how much a measure grows over its time, along the line that fits it best, and how far from that line it is usually (the standard deviation).
 * `points`: of time and value each.
 */
export function growthOf(points) {
  const count = points.length;
  const mean = (at) => points.reduce((sum, point) => sum + point[at], 0) / count;
  const [time, value] = [mean(0), mean(1)];
  let [over, under] = [0, 0];
  for (const [x, y] of points) {
    over += (x - time) * (y - value);
    under += (x - time) ** 2;
  }
  const slope = under === 0 ? 0 : over / under;
  const squares = points.reduce((sum, [x, y]) => sum + (y - value - slope * (x - time)) ** 2, 0);
  return { growth: slope * (points[count - 1][0] - points[0][0]), noise: Math.sqrt(squares / count) };
}
