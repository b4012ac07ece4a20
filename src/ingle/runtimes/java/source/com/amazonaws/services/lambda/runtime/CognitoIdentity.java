package com.amazonaws.services.lambda.runtime;

/** The Amazon Cognito identity on whose behalf the function was invoked. */
public interface CognitoIdentity {
    /** The identity's id. */
    String getIdentityId();

    /** The id of the pool that it is in. */
    String getIdentityPoolId();
}
