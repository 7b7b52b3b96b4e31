/** Norms and what goes element by element, at all-MiniLM-L6-v2's widths; copies and fills of whole gradients. */
import { add, dropout, geluBackward, geluForward } from '../../../dist/src/kernels/elementwise.js';
import { gatedBackward, gatedForward } from '../../../dist/src/kernels/gated.js';
import {
  l2NormalizeBackward,
  l2NormalizeForward,
  layerNormBackward,
  layerNormForward,
} from '../../../dist/src/kernels/norm.js';
import { chunkOf } from '../../../dist/src/kernels/norm-rows.js';
import { bytesOf } from './hold.mjs';

const [width, inner] = [384, 1536];

function layerNorm(gpu, hold, rows) {
  const [x, dOut, gamma, beta] = [
    hold.filled(rows, width),
    hold.filled(rows, width),
    hold.filled(width),
    hold.filled(width),
  ];
  const [out, dX, mean, rstd] = [hold.empty(rows, width), hold.empty(rows, width), hold.empty(rows), hold.empty(rows)];
  const [dGamma, dBeta] = [hold.empty(width), hold.empty(width)];
  const all = rows * width;
  const partial = 2 * width * Math.ceil(rows / chunkOf(rows));
  return {
    run() {
      layerNormForward(gpu, { x, gamma, beta, out, mean, rstd, epsilon: 1e-12 });
      layerNormBackward(gpu, { x, gamma, mean, rstd, dOut, dX, dGamma, dBeta });
    },
    works: {
      layernorm_forward: { bytes: bytesOf(2 * all, 2 * rows, 2 * width) },
      layernorm_backward: { bytes: bytesOf(3 * all, 2 * rows, width) },
      layernorm_partial: { bytes: bytesOf(2 * all, 2 * rows, partial) },
      layernorm_parameters: { bytes: bytesOf(partial, 4 * width) },
    },
  };
}

function l2Normalize(gpu, hold, rows) {
  const [x, dOut] = [hold.filled(rows, width), hold.filled(rows, width)];
  const [out, dX, norm] = [hold.empty(rows, width), hold.empty(rows, width), hold.empty(rows)];
  return {
    run() {
      l2NormalizeForward(gpu, { x, out, norm });
      l2NormalizeBackward(gpu, { out, norm, dOut, dX });
    },
    works: {
      l2_normalize_forward: { bytes: bytesOf(2 * rows * width, rows) },
      l2_normalize_backward: { bytes: bytesOf(3 * rows * width, rows) },
    },
  };
}

function elementwise(gpu, hold, rows) {
  const [x, y, out] = [hold.filled(rows, inner), hold.filled(rows, inner), hold.empty(rows, inner)];
  const [narrow, change, sum] = [hold.filled(rows, width), hold.filled(rows, width), hold.empty(rows, width)];
  const [tokenSample, tokenPosition] = [hold.numbers(new Array(rows).fill(0)), hold.numbers(Array(rows).keys())];
  return {
    run() {
      geluForward(gpu, { x, out });
      geluBackward(gpu, { x, dOut: y, dX: out });
      add(gpu, { a: narrow, b: change, out: sum });
      dropout(gpu, { x: narrow, out: sum, tokenSample, tokenPosition, rate: 0.1, seed: 1, step: 1, site: 1 });
    },
    works: {
      'gelu-forward': { bytes: bytesOf(2 * rows * inner) },
      'gelu-backward': { bytes: bytesOf(3 * rows * inner) },
      'add-': { bytes: bytesOf(3 * rows * width) },
      'dropout-': { bytes: bytesOf(2 * rows * width, 2 * rows) },
    },
  };
}

function gated(gpu, hold, rows) {
  const [gate, up, dOut] = [hold.filled(rows, inner), hold.filled(rows, inner), hold.filled(rows, inner)];
  const [out, dGate, dUp] = [hold.empty(rows, inner), hold.empty(rows, inner), hold.empty(rows, inner)];
  const both = { forward: { bytes: bytesOf(3 * rows * inner) }, backward: { bytes: bytesOf(5 * rows * inner) } };
  return {
    run() {
      for (const activation of ['silu', 'gelu']) {
        gatedForward(gpu, { activation, gate, up, out });
        gatedBackward(gpu, { activation, gate, up, dOut, dGate, dUp });
      }
    },
    works: {
      'gated-silu-forward': both.forward,
      'gated-silu-backward': both.backward,
      'gated-gelu-forward': both.forward,
      'gated-gelu-backward': both.backward,
    },
  };
}

/** Commands of the CPU device that are no kernels: gradients are filled with zeros, batches are copied. */
function moves(gpu, hold) {
  const count = 22_713_216;
  const [from, to] = [hold.empty(count), hold.empty(count)];
  return {
    run() {
      gpu.clear(from);
      gpu.copy(from, to);
    },
    works: { clear: { bytes: bytesOf(count) }, copy: { bytes: bytesOf(2 * count) } },
  };
}

export const rowCases = (gpu, rows) => [
  { name: `LayerNorm ${rows} x ${width}`, prepare: (hold) => layerNorm(gpu, hold, rows) },
  { name: `L2 256 x ${width}`, prepare: (hold) => l2Normalize(gpu, hold, 256) },
  { name: `GELU ${rows} x ${inner}, others x ${width}`, prepare: (hold) => elementwise(gpu, hold, rows) },
  { name: `gated ${rows} x ${inner}`, prepare: (hold) => gated(gpu, hold, rows) },
  { name: 'all of a MiniLM', prepare: (hold) => moves(gpu, hold) },
];
