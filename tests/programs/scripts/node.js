// SPDX-License-Identifier: Apache-2.0
// A loop hot enough for the compiler, garbage, a worker thread, WebAssembly, a child.
const { Worker, isMainThread, parentPort } = require('worker_threads');
const { spawnSync } = require('child_process');

function mix(n) {
  let h = 17;
  for (let i = 0; i < n; i++) h = (h * 31 + (i ^ (h >>> 3))) >>> 0;
  return h;
}

function garbage(n) {
  let kept = [];
  for (let i = 0; i < n; i++) {
    kept.push({ i, text: 'x'.repeat(i % 100) });
    if (kept.length > 1000) kept = kept.slice(500);
  }
  return kept.length;
}

// (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
const wasm = Buffer.from('0061736d0100000001070160027f7f017f030201000707010361646400000a09010700' +
  '200020016a0b', 'hex');

if (!isMainThread) {
  parentPort.postMessage([mix(3e6), garbage(50000)]);
} else {
  console.log('mix', mix(2e7));
  console.log('garbage', garbage(300000));
  console.log('wasm', new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports.add(40, 2));
  console.log('child', spawnSync('echo', ['child']).stdout.toString().trim());
  const worker = new Worker(__filename);
  worker.on('message', (message) => console.log('worker', message));
  worker.on('exit', () => { process.exitCode = 11; });
}
