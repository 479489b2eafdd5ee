"""BPMN, pure: bytes in, a graph out; (graph, state, event) in, (state, changes) out. No SQL, no HTTP, no clock."""
