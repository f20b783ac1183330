// Run once, when the data folder is empty: a user for the functions, and one for ingest, who can look up who sends and
// note what came, but not read a finding.
const database = db.getSiblingDB("picket");
database.createUser({
  user: "picket",
  pwd: process.env.PICKET_PASSWORD,
  roles: [{ role: "readWrite", db: "picket" }],
});
database.createRole({
  role: "ingest",
  privileges: [
    { resource: { db: "picket", collection: "sources" }, actions: ["find", "createIndex"] },
    { resource: { db: "picket", collection: "speakers" }, actions: ["find", "insert"] },
    { resource: { db: "picket", collection: "deliveries" }, actions: ["find", "insert", "createIndex"] },
  ],
  roles: [],
});
database.createUser({ user: "ingest", pwd: process.env.INGEST_PASSWORD, roles: ["ingest"] });
