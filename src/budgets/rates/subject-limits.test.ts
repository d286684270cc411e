import { openAccessTest } from "../../access/access.testing.ts";
import { subjectLimitsContract } from "./subject-limits-contract.testing.ts";

subjectLimitsContract("SQLite", () => openAccessTest());
