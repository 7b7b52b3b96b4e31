ALTER TABLE "models" DROP CONSTRAINT "models_pooling";--> statement-breakpoint
ALTER TABLE "models" ALTER COLUMN "pooling" SET DATA TYPE text[] USING ARRAY["pooling"];--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "pipeline" jsonb DEFAULT '{"dense":[],"normalize":true,"similarity":"cosine","lowerCase":false,"prompts":{},"defaultPromptName":null}' NOT NULL;--> statement-breakpoint
ALTER TABLE "models" ALTER COLUMN "pipeline" DROP DEFAULT;
