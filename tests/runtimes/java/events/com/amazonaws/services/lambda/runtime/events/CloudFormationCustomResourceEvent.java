package com.amazonaws.services.lambda.runtime.events;

import java.util.Map;

/** Has the members of AWS's class. */
public class CloudFormationCustomResourceEvent {
    private String requestType;
    private String responseUrl;
    private Map<String, Object> resourceProperties;

    public String getRequestType() {
        return requestType;
    }

    public void setRequestType(String requestType) {
        this.requestType = requestType;
    }

    public String getResponseUrl() {
        return responseUrl;
    }

    public void setResponseUrl(String responseUrl) {
        this.responseUrl = responseUrl;
    }

    public Map<String, Object> getResourceProperties() {
        return resourceProperties;
    }

    public void setResourceProperties(Map<String, Object> resourceProperties) {
        this.resourceProperties = resourceProperties;
    }
}
