// One measurement: a fresh upstream, a fresh gateway, a fresh load; and the order of many.
import { firstJson, GATEWAY_CPU, here, OTHER_CPU, startNode, startServer } from './processes.mjs';

/** An upstream is a file of upstream/ and its role there, or `go` and a role of the one in Go. */
export async function startUpstream([file, role], { go, descriptorSet, limitMs }) {
  const where = { cpu: OTHER_CPU, limitMs };
  if (file === 'go') return await startServer(go.upstream, [role, go.samples], where);
  return await startServer(`upstream/${file}`, [role, descriptorSet], where);
}

async function runLoad(config, cpu, limitMs) {
  const text = Buffer.from(JSON.stringify(config)).toString('base64');
  const load = startNode([here('load/main.mjs'), text], { cpu, limitMs });
  try {
    return await firstJson(load, config.load);
  } finally {
    await load.stop();
  }
}

/** What a count of this unit is worth in the table: files are counted by the GiB, all else by the million. */
function withRates(result) {
  return {
    perSecond: result.count / result.wallS,
    usEach: result.cpuUs / result.count,
    busy: result.cpuUs / 1e6 / result.wallS,
    besideBusy: result.besideUs / 1e6 / result.wallS,
    ...result,
  };
}

/** R, or one contender with one row's load; or whatever the group measures in a way of its own. */
async function measure(group, settings, { row, contender, load }) {
  if (group.measure !== undefined) return await group.measure(settings, { row, contender });
  const { descriptorSet, limitMs, pace } = settings;
  const upstream = await startUpstream(group.upstream, settings);
  const common = { ...pace, descriptorSet, upstreamPid: upstream.pid };
  try {
    if (contender === undefined) {
      const config = { ...common, ...group.reference, reference: true, upstreamPort: upstream.port };
      return withRates(await runLoad(config, GATEWAY_CPU, limitMs));
    }
    const gateway = await contender.start(upstream.port, limitMs);
    try {
      const { dialect } = contender;
      const who = { dialect, port: gateway.port, pid: gateway.pid, upstreamPort: upstream.port };
      const config = { ...common, ...load, ...who };
      return withRates(await runLoad(config, OTHER_CPU, limitMs));
    } catch (reason) {
      throw new Error(`${reason.message}\n${gateway.complaint()}`, { cause: reason });
    } finally {
      await gateway.stop();
    }
  } finally {
    await upstream.stop();
  }
}

/** Everything that is measured in one round of a group, R first where there is one: `{ row, contender, load }`. */
export function entriesOf(group, contenders) {
  const entries = group.reference === undefined ? [] : [{}];
  for (const row of group.rows) {
    for (const contender of contenders) {
      if (!row.contenders.includes(contender.kind)) continue;
      entries.push({ row, contender, load: row.loads[contender.kind] ?? row.loads['*'] });
    }
  }
  return entries;
}

/**
 * Runs a group's rounds, A B C, A B C. `onResult(entry, round, result)` follows each. The result has, besides what was
 * counted, `toReference`: the processor time of one, over that of R in the same round.
 */
export async function runGroup(group, contenders, settings, onResult) {
  const entries = entriesOf(group, contenders);
  for (let round = 1; round <= settings.rounds; round += 1) {
    let reference;
    for (const entry of entries) {
      const result = await measure(group, settings, entry);
      reference ??= result;
      onResult(entry, round, { ...result, toReference: result.usEach / reference.usEach });
    }
  }
}
