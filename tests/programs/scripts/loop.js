// SPDX-License-Identifier: Apache-2.0
// Runs until it is killed: garbage, new code for the compiler, buffers, worker threads.
const { Worker } = require('worker_threads');

function garbage(n) {
  const kept = [];
  for (let i = 0; i < n; i++) {
    kept[i % 500] = { i, text: 'x'.repeat(i % 100), data: new Uint8Array(i % 1000) };
  }
  return kept.length;
}

function compile(seed) {
  const body = `let h = ${seed}; for (let i = 0; i < n; i++) h = (h * 31 + i) >>> 0; return h;`;
  return new Function('n', body)(200000);
}

function round(i) {
  garbage(20000);
  compile(i);
  Buffer.alloc(3 << 20).fill(i);
  if (i % 40 === 0) {
    new Worker('let t = []; for (let i = 0; i < 50000; i++) t[i % 100] = { i };', { eval: true });
  }
  setImmediate(round, i + 1);
}

console.log('ready');
round(0);
