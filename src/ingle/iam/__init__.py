"""The pure decision: who may do what, by AWS's evaluation logic, and the data it stands on."""
