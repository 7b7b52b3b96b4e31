/** Geometry of a model's vectors on a sample of one split. Plain types. */

export interface Geometry {
  /** Distinct texts that were encoded for the random pairs and the spectrum. */
  readonly texts: number;
  readonly randomPairs: number;
  readonly positivePairs: number;
  /** Texts whose tokens were compared. */
  readonly tokenTexts: number;
  /** Mean squared distance of positives. */
  readonly alignment: number | null;
  /** log of the mean of exp(-2 |x - y|^2) over random pairs. */
  readonly uniformity: number | null;
  /** Mean cosine of random pairs. */
  readonly meanCosine: number | null;
  /** Mean over texts of the mean cosine of their tokens, last layer. */
  readonly tokenCosine: number | null;
  /** Of the uncentred unit vectors, descending; min(texts, dimension). */
  readonly singularValues: readonly number[];
  readonly effectiveRank: number;
  readonly conditionNumber: number | null;
  /** Why a figure is null, by its name. */
  readonly undefinedReasons: Readonly<Record<string, string>>;
}
