CREATE TABLE "checkpoint_figures" (
	"checkpoint_id" uuid NOT NULL,
	"dataset_id" uuid NOT NULL,
	"split" text NOT NULL,
	"pooled" boolean NOT NULL,
	"metric" text NOT NULL,
	"value" double precision NOT NULL,
	CONSTRAINT "checkpoint_figures_checkpoint_id_dataset_id_split_pooled_metric_pk" PRIMARY KEY("checkpoint_id","dataset_id","split","pooled","metric")
);
--> statement-breakpoint
INSERT INTO "checkpoint_figures"
SELECT newest.checkpoint_id, newest.dataset_id, newest.split, newest.pooled, figure.key, (figure.value #>> '{}')::double precision
FROM (
  SELECT DISTINCT ON (checkpoint_id, dataset_id, split, pooled) checkpoint_id, dataset_id, split, pooled, metrics
  FROM evaluations WHERE checkpoint_id IS NOT NULL AND dimension IS NULL
  ORDER BY checkpoint_id, dataset_id, split, pooled, created_at DESC, id DESC
) newest, jsonb_each(newest.metrics) figure
WHERE figure.value <> 'null';
--> statement-breakpoint
CREATE INDEX "checkpoint_figures_order" ON "checkpoint_figures" USING btree ("dataset_id","split","pooled","metric","value","checkpoint_id");
--> statement-breakpoint
-- On evaluations, for each statement, with the rows it changed: writes the figures anew wherever one of them counts.
-- Checkpoints are locked first, and in one order, so that of two writers the second sees what the first has written.
CREATE FUNCTION "keep_figures"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM checkpoints
  WHERE id IN (SELECT changed.checkpoint_id FROM changed WHERE changed.dimension IS NULL)
  ORDER BY id FOR NO KEY UPDATE;
  DELETE FROM checkpoint_figures figures USING changed
  WHERE figures.checkpoint_id = changed.checkpoint_id AND figures.dataset_id = changed.dataset_id
    AND figures.split = changed.split AND figures.pooled = changed.pooled AND changed.dimension IS NULL;
  INSERT INTO checkpoint_figures (checkpoint_id, dataset_id, split, pooled, metric, value)
  SELECT newest.checkpoint_id, newest.dataset_id, newest.split, newest.pooled, figure.key,
    (figure.value #>> '{}')::double precision
  FROM (
    SELECT DISTINCT checkpoint_id, dataset_id, split, pooled FROM changed
    WHERE checkpoint_id IS NOT NULL AND dimension IS NULL
  ) place
  CROSS JOIN LATERAL (
    SELECT place.*, evaluations.metrics FROM evaluations
    WHERE evaluations.checkpoint_id = place.checkpoint_id AND evaluations.dataset_id = place.dataset_id
      AND evaluations.split = place.split AND evaluations.pooled = place.pooled AND evaluations.dimension IS NULL
    ORDER BY evaluations.created_at DESC, evaluations.id DESC LIMIT 1
  ) newest
  CROSS JOIN LATERAL jsonb_each(newest.metrics) figure
  WHERE figure.value <> 'null';
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "keep_figures" AFTER INSERT ON "evaluations" REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION keep_figures();
--> statement-breakpoint
CREATE TRIGGER "keep_figures_of_deleted" AFTER DELETE ON "evaluations" REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION keep_figures();
--> statement-breakpoint
CREATE TRIGGER "keep_figures_of_old" AFTER UPDATE ON "evaluations" REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION keep_figures();
--> statement-breakpoint
CREATE TRIGGER "keep_figures_of_updated" AFTER UPDATE ON "evaluations" REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION keep_figures();
