CREATE TABLE "endpoint_epochs" (
	"endpoint_id" text NOT NULL,
	"epoch" integer NOT NULL,
	"opened_at_ms" bigint NOT NULL,
	"cause" text NOT NULL,
	CONSTRAINT "endpoint_epochs_endpoint_id_epoch_pk" PRIMARY KEY("endpoint_id","epoch")
);
--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "endpoint_epoch" integer DEFAULT 0 NOT NULL;