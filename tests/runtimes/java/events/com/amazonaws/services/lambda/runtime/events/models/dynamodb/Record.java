package com.amazonaws.services.lambda.runtime.events.models.dynamodb;


/** Has the members of AWS's class. */
public class Record {
    private String eventName;

    private String eventID;
    private StreamRecord dynamodb;

    public String getEventID() {
        return eventID;
    }

    public void setEventID(String eventID) {
        this.eventID = eventID;
    }

    public StreamRecord getDynamodb() {
        return dynamodb;
    }

    public void setDynamodb(StreamRecord dynamodb) {
        this.dynamodb = dynamodb;
    }

    public String getEventName() {
        return eventName;
    }

    public void setEventName(OperationType eventName) {
        throw new IllegalStateException("the text is to be set");
    }

    public void setEventName(String eventName) {
        this.eventName = eventName;
    }
}
