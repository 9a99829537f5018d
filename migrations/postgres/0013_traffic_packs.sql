CREATE TABLE "traffic_packs" (
	"level" text NOT NULL,
	"day_ms" bigint NOT NULL,
	"part" integer NOT NULL,
	"body" "bytea" NOT NULL,
	CONSTRAINT "traffic_packs_level_day_ms_part_pk" PRIMARY KEY("level","day_ms","part")
);
--> statement-breakpoint
ALTER TABLE "rolled_days" ADD COLUMN "packed_as" integer DEFAULT 0 NOT NULL;