-- Changes of the nouns, written down by the transactions that make them.

-- On the table of a noun. Arguments: the type of the noun, then the columns that only tell how far it is.
CREATE FUNCTION "note_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO change_outbox (type, key, kind) VALUES (TG_ARGV[0], NEW.id, 'created');
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO change_outbox (type, key, kind) VALUES (TG_ARGV[0], OLD.id, 'deleted');
  ELSE
    INSERT INTO change_outbox (type, key, kind, progress) VALUES (TG_ARGV[0], NEW.id, 'updated',
      TG_NARGS > 1 AND to_jsonb(NEW) - TG_ARGV[1:] = to_jsonb(OLD) - TG_ARGV[1:]);
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
-- On jobs. A run and a search show what their job says, and a search over architectures what its parts say.
CREATE FUNCTION "note_change_of_work"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  of_progress CONSTANT text[] := ARRAY['last_seq', 'progress'];
BEGIN
  INSERT INTO change_outbox (type, key, kind, progress)
  SELECT shown.type, work.key, 'updated', to_jsonb(NEW) - of_progress = to_jsonb(OLD) - of_progress
  FROM (
    SELECT NEW.kind, NEW.id
    UNION ALL
    SELECT whole.kind, whole.id FROM jobs whole WHERE whole.id = NEW.part_of AND NEW.state <> OLD.state
  ) work (kind, key)
  JOIN (
    VALUES ('train', 'Run'), ('search-fusion', 'FusionSearch'), ('search-architecture', 'ArchitectureSearch')
  ) shown (kind, type) USING (kind);
  RETURN NULL;
END $$;
--> statement-breakpoint
-- On the table of what belongs to a noun. Arguments: the type of the noun, and the column with its key.
CREATE FUNCTION "note_change_of_part"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO change_outbox (type, key, kind, progress)
  VALUES (TG_ARGV[0], (to_jsonb(NEW) ->> TG_ARGV[1])::uuid, 'updated', true);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "note_existence" AFTER INSERT OR DELETE ON "datasets" FOR EACH ROW EXECUTE FUNCTION note_change('Dataset');
--> statement-breakpoint
CREATE TRIGGER "note_update" AFTER UPDATE ON "datasets" FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
  EXECUTE FUNCTION note_change('Dataset');
--> statement-breakpoint
CREATE TRIGGER "note_existence" AFTER INSERT OR DELETE ON "models" FOR EACH ROW EXECUTE FUNCTION note_change('Model');
--> statement-breakpoint
CREATE TRIGGER "note_update" AFTER UPDATE ON "models" FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
  EXECUTE FUNCTION note_change('Model');
--> statement-breakpoint
CREATE TRIGGER "note_existence" AFTER INSERT OR DELETE ON "runs" FOR EACH ROW EXECUTE FUNCTION note_change('Run');
--> statement-breakpoint
CREATE TRIGGER "note_update" AFTER UPDATE ON "runs" FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
  EXECUTE FUNCTION note_change('Run', 'step', 'epoch', 'loss', 'tokens_per_second', 'seconds_left', 'best_score', 'best_step');
--> statement-breakpoint
CREATE TRIGGER "note_existence" AFTER INSERT OR DELETE ON "checkpoints" FOR EACH ROW EXECUTE FUNCTION note_change('Checkpoint');
--> statement-breakpoint
CREATE TRIGGER "note_update" AFTER UPDATE ON "checkpoints" FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
  EXECUTE FUNCTION note_change('Checkpoint');
--> statement-breakpoint
CREATE TRIGGER "note_existence" AFTER INSERT OR DELETE ON "suites" FOR EACH ROW EXECUTE FUNCTION note_change('Suite');
--> statement-breakpoint
CREATE TRIGGER "note_update" AFTER UPDATE ON "suites" FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
  EXECUTE FUNCTION note_change('Suite');
--> statement-breakpoint
CREATE TRIGGER "note_existence" AFTER INSERT OR DELETE ON "evaluations" FOR EACH ROW EXECUTE FUNCTION note_change('Evaluation');
--> statement-breakpoint
CREATE TRIGGER "note_update" AFTER UPDATE ON "evaluations" FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
  EXECUTE FUNCTION note_change('Evaluation');
--> statement-breakpoint
CREATE TRIGGER "note_existence" AFTER INSERT OR DELETE ON "fusion_searches" FOR EACH ROW EXECUTE FUNCTION note_change('FusionSearch');
--> statement-breakpoint
CREATE TRIGGER "note_update" AFTER UPDATE ON "fusion_searches" FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
  EXECUTE FUNCTION note_change('FusionSearch');
--> statement-breakpoint
CREATE TRIGGER "note_existence" AFTER INSERT OR DELETE ON "collections" FOR EACH ROW EXECUTE FUNCTION note_change('Collection');
--> statement-breakpoint
CREATE TRIGGER "note_update" AFTER UPDATE ON "collections" FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
  EXECUTE FUNCTION note_change('Collection');
--> statement-breakpoint
CREATE TRIGGER "note_existence" AFTER INSERT OR DELETE ON "architecture_searches" FOR EACH ROW EXECUTE FUNCTION note_change('ArchitectureSearch');
--> statement-breakpoint
CREATE TRIGGER "note_update" AFTER UPDATE ON "architecture_searches" FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
  EXECUTE FUNCTION note_change('ArchitectureSearch');
--> statement-breakpoint
CREATE TRIGGER "note_existence" AFTER INSERT OR DELETE ON "jobs" FOR EACH ROW EXECUTE FUNCTION note_change('Job');
--> statement-breakpoint
CREATE TRIGGER "note_update" AFTER UPDATE ON "jobs" FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
  EXECUTE FUNCTION note_change('Job', 'last_seq', 'progress');
--> statement-breakpoint
CREATE TRIGGER "note_update_of_work" AFTER UPDATE ON "jobs" FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
  EXECUTE FUNCTION note_change_of_work();
--> statement-breakpoint
CREATE TRIGGER "note_part" AFTER INSERT OR UPDATE ON "dev_evaluations" FOR EACH ROW
  EXECUTE FUNCTION note_change_of_part('Run', 'run_id');
--> statement-breakpoint
CREATE TRIGGER "note_part" AFTER INSERT OR UPDATE ON "run_starts" FOR EACH ROW
  EXECUTE FUNCTION note_change_of_part('Run', 'run_id');
--> statement-breakpoint
CREATE TRIGGER "note_part" AFTER INSERT OR UPDATE ON "fusion_candidates" FOR EACH ROW
  EXECUTE FUNCTION note_change_of_part('FusionSearch', 'search_id');
--> statement-breakpoint
CREATE TRIGGER "note_part" AFTER INSERT OR UPDATE ON "architecture_trials" FOR EACH ROW
  EXECUTE FUNCTION note_change_of_part('ArchitectureSearch', 'search_id');
--> statement-breakpoint
INSERT INTO "change_counter" DEFAULT VALUES;
--> statement-breakpoint
-- Numbers what is committed. Whoever calls it waits for the counter's lock, and only then looks at the outbox: so it sees
-- all that was numbered before, and its numbers are visible after those. Of what one batch tells twice the last stays;
-- an update says nothing beside a creation or a deletion. Progress waits until a second has passed since the last one,
-- or until its noun changes otherwise. Answers the last number, and for how long progress still waits, in milliseconds;
-- null = none waits.
CREATE FUNCTION "sequence_changes"(OUT last_seq bigint, OUT waits_ms double precision) LANGUAGE plpgsql AS $$
DECLARE
  due_at timestamptz;
  now_at timestamptz;
BEGIN
  IF NOT EXISTS (SELECT FROM change_outbox) THEN
    SELECT counter.seq INTO last_seq FROM change_counter counter;
    RETURN;
  END IF;
  SELECT counter.seq, counter.progress_at + interval '1 second' INTO last_seq, due_at
  FROM change_counter counter FOR UPDATE;
  now_at := clock_timestamp();
  WITH taken AS (
    DELETE FROM change_outbox waiting
    WHERE NOT waiting.progress OR now_at >= due_at
      OR (waiting.type, waiting.key) IN (SELECT other.type, other.key FROM change_outbox other WHERE NOT other.progress)
    RETURNING waiting.*
  ), once AS (
    SELECT taken.type, taken.key, taken.kind, max(taken.id) AS id FROM taken GROUP BY taken.type, taken.key, taken.kind
  ), numbered AS (
    INSERT INTO changes (seq, type, key, kind, at)
    SELECT last_seq + row_number() OVER (ORDER BY once.id), once.type, once.key, once.kind, now_at
    FROM once
    WHERE once.kind <> 'updated' OR NOT EXISTS (
      SELECT FROM once other WHERE other.type = once.type AND other.key = once.key AND other.kind <> 'updated'
    )
    RETURNING seq
  )
  SELECT coalesce(max(numbered.seq), last_seq) INTO last_seq FROM numbered;
  UPDATE change_counter
  SET seq = last_seq, progress_at = CASE WHEN now_at >= due_at THEN now_at ELSE progress_at END;
  IF EXISTS (SELECT FROM change_outbox waiting WHERE waiting.progress) THEN
    waits_ms := greatest(0, 1000 * extract(epoch FROM due_at - now_at));
  END IF;
END $$;
