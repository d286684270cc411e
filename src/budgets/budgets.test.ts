import { openAccessTest } from "../access/access.testing.ts";
import { budgetsContract } from "./budgets-contract.testing.ts";

budgetsContract("SQLite", () => openAccessTest());
