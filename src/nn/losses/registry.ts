/** The code behind the names of the catalog. */
import { angleLoss } from './angle.ts';
import type { LossName } from './catalog.ts';
import { cosentLoss } from './cosent.ts';
import { cosineMseLoss } from './cosine-mse.ts';
import { guidedInfonceLoss } from './guided-infonce.ts';
import { candidateInfonceLoss } from './infonce.ts';
import { innerInfonceLoss } from './inner-infonce.ts';
import type { LossOf } from './loss.ts';
import { pairInfonceLoss } from './pair-infonce.ts';
import { pearsonLoss } from './pearson.ts';
import { proLoss } from './pro.ts';
import { rankKlLoss } from './rank-kl.ts';
import { scoreDistillationLoss } from './score-distillation.ts';
import { spreadOutLoss } from './spread-out.ts';
import { symmetricInfonceLoss } from './symmetric-infonce.ts';
import { teacherMatchingLoss } from './teacher-matching.ts';

export const losses: { readonly [Name in LossName]: LossOf<Name> } = {
  infonce: candidateInfonceLoss,
  pearson: pearsonLoss,
  pro: proLoss,
  'rank-kl': rankKlLoss,
  'inner-infonce': innerInfonceLoss,
  'cosine-mse': cosineMseLoss,
  cosent: cosentLoss,
  angle: angleLoss,
  'symmetric-infonce': symmetricInfonceLoss,
  'guided-infonce': guidedInfonceLoss,
  'pair-infonce': pairInfonceLoss,
  'score-distillation': scoreDistillationLoss,
  'teacher-matching': teacherMatchingLoss,
  'spread-out': spreadOutLoss,
};
