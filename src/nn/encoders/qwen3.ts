/**
 * Qwen3 (Yang et al. 2025, arXiv 2505.09388): Llama's blocks with a head size of its own choice and an RMSNorm of every head of
 * queries and keys before the rotary embedding; the block applies it where those parameters are there.
 */
import { decoderForward } from './decoder.ts';
import type { EncoderForward } from './encoder.ts';

export const qwen3Forward: EncoderForward = decoderForward;
