/**
 * Llama (Touvron et al. 2023, arXiv 2302.13971) and MiniCPM (Hu et al. 2024, arXiv 2404.06395), which scales the embeddings
 * by scale_emb and every change of the residual stream by scale_depth / sqrt(L).
 */
import { decoderForward } from './decoder.ts';
import type { EncoderForward } from './encoder.ts';

export const llamaForward: EncoderForward = decoderForward;
