package com.amazonaws.services.lambda.runtime;

/** The mobile application that invoked the function. */
public interface Client {
    /** The id of this installation of the application. */
    String getInstallationId();

    /** The application's name. */
    String getAppTitle();

    /** The application's version as shown to people. */
    String getAppVersionName();

    /** The application's version as a code. */
    String getAppVersionCode();

    /** The application's package. */
    String getAppPackageName();
}
