//! An HTTP API of API Gateway before the functions.

use serde_json::{Value, json};

use super::Stack;
use super::template::{Template, name_of, text};

const GATEWAY: &str = "Gateway";

pub(super) fn write(template: &mut Template, stack: &Stack<'_>) {
    let Some(api) = stack.cloud.api.as_ref().filter(|api| api.gateway) else {
        return;
    };
    let properties = json!({ "Name": text("${AWS::StackName}"), "ProtocolType": "HTTP" });
    template.add(GATEWAY, "AWS::ApiGatewayV2::Api", &properties);
    let properties = json!({
        "ApiId": name_of(GATEWAY),
        "IntegrationType": "HTTP_PROXY",
        "IntegrationMethod": "ANY",
        "IntegrationUri": format!("https://{}/{{proxy}}", api.host),
        "PayloadFormatVersion": "1.0",
    });
    let integration = "GatewayIntegration";
    template.add(integration, "AWS::ApiGatewayV2::Integration", &properties);
    let properties = json!({
        "ApiId": name_of(GATEWAY),
        "RouteKey": "ANY /{proxy+}",
        "Target": text(&format!("integrations/${{{integration}}}")),
    });
    template.add("GatewayRoute", "AWS::ApiGatewayV2::Route", &properties);
    let properties = json!({
        "ApiId": name_of(GATEWAY),
        "StageName": "$default",
        "AutoDeploy": true,
    });
    template.add("GatewayStage", "AWS::ApiGatewayV2::Stage", &properties);
}

/// The host under which it answers.
pub(super) fn host() -> Value {
    text(&format!(
        "${{{GATEWAY}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}"
    ))
}

/// The ARNs under which it is made, changed, tagged and deleted: those of all APIs of the region, since the id in its own is not known before it is there
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html>).
pub(super) fn arns() -> [Value; 3] {
    ["apis", "apis/*", "tags/*"].map(|path| {
        text(&format!(
            "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}::/{path}"
        ))
    })
}
