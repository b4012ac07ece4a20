package com.amazonaws.services.lambda.runtime.events;

import java.util.Map;
import org.joda.time.DateTime;

/** Has the members of AWS's class. */
public class ScheduledEvent {
    private String detailType;
    private DateTime time;
    private Map<String, Object> detail;

    public String getDetailType() {
        return detailType;
    }

    public void setDetailType(String detailType) {
        this.detailType = detailType;
    }

    public DateTime getTime() {
        return time;
    }

    public void setTime(DateTime time) {
        this.time = time;
    }

    public Map<String, Object> getDetail() {
        return detail;
    }

    public void setDetail(Map<String, Object> detail) {
        this.detail = detail;
    }
}
