// Loaded into every process of a run (`node --import`): ends it in time even when the one that started it is gone.
// A timer that is never due costs the process nothing while it is measured.
setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(process.env.BENCH_LIMIT_MS)).unref();
