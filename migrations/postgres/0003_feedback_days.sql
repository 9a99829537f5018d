CREATE TABLE "feedback_days" (
	"key_id" text NOT NULL,
	"model_id" text NOT NULL,
	"task" text NOT NULL,
	"day" integer NOT NULL,
	"weight" double precision NOT NULL,
	CONSTRAINT "feedback_days_key_id_model_id_task_day_pk" PRIMARY KEY("key_id","model_id","task","day")
);
--> statement-breakpoint
ALTER TABLE "feedback" ADD COLUMN "charged_key_id" text;--> statement-breakpoint
ALTER TABLE "feedback" ADD COLUMN "charged_day" integer;