package com.amazonaws.services.lambda.runtime.events.models.dynamodb;


/** Has the constants of AWS's class. */
public enum OperationType { INSERT, MODIFY, REMOVE }
