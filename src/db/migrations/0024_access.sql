CREATE TABLE "api_keys" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT date_trunc('milliseconds', clock_timestamp()) NOT NULL,
	"name" text NOT NULL,
	"notes" text DEFAULT '' NOT NULL,
	"tags" text[] DEFAULT '{}'::text[] NOT NULL,
	"role" text NOT NULL,
	"lookup" text NOT NULL,
	"digest" text NOT NULL,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "api_keys_lookup_unique" UNIQUE("lookup"),
	CONSTRAINT "api_keys_digest" CHECK ("api_keys"."digest" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "api_keys_role" CHECK ("api_keys"."role" in ('viewer', 'editor', 'admin'))
);
--> statement-breakpoint
CREATE TABLE "audit_entries" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT date_trunc('milliseconds', clock_timestamp()) NOT NULL,
	"key_id" uuid,
	"caller" text NOT NULL,
	"role" text NOT NULL,
	"connection" text NOT NULL,
	"mutation" text NOT NULL,
	"operation" text,
	"arguments" jsonb NOT NULL,
	"touched" text[] NOT NULL,
	"outcome" text,
	"ended_at" timestamp with time zone,
	CONSTRAINT "audit_entries_role" CHECK ("audit_entries"."role" in ('viewer', 'editor', 'admin')),
	CONSTRAINT "audit_entries_connection" CHECK ("audit_entries"."connection" in ('http', 'web-socket', 'event-stream'))
);
--> statement-breakpoint
CREATE INDEX "api_keys_created" ON "api_keys" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "audit_entries_created" ON "audit_entries" USING btree ("created_at","id");--> statement-breakpoint
-- That a key was used is no change of it.
CREATE TRIGGER api_keys_updated_at BEFORE UPDATE ON api_keys FOR EACH ROW
  WHEN ((OLD.name, OLD.notes, OLD.tags, OLD.role, OLD.expires_at, OLD.revoked_at) IS DISTINCT FROM
        (NEW.name, NEW.notes, NEW.tags, NEW.role, NEW.expires_at, NEW.revoked_at))
  EXECUTE FUNCTION set_updated_at();--> statement-breakpoint
CREATE TRIGGER audit_entries_updated_at BEFORE UPDATE ON audit_entries FOR EACH ROW
  WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
