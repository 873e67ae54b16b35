//! Templates of `CloudFormation` as they are written, and as a stack would see them: with parameters, conditions and
//! imports put in.

mod parameters;
mod permissions;
mod yaml;

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::{Map, Value, json};

pub use parameters::{parameter_of, required, with_everything};
pub use permissions::{allowed, covers, statements_of_role, texts};

use yaml::Node;

/// A template, with its functions in their long form.
pub struct Template {
    document: Value,
}

/// What a stack is made from: nothing of it depends on a parameter any more.
pub struct Stack {
    /// Only those whose condition holds.
    pub resources: BTreeMap<String, Value>,
    /// Only those whose condition holds.
    pub outputs: BTreeMap<String, Value>,
    /// `Globals.Function.Properties` of SAM.
    pub function: Value,
}

/// The file at `path` below `deployment/`.
pub fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deployment").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The folders below `deployment/` that hold a template.
pub const FOLDERS: [&str; 5] =
    ["shared-infrastructure", "account-service", "domain-mapping", "observability", "ci-oidc"];

/// A document of YAML; calls of `CloudFormation`'s functions are in their long form.
pub fn read_yaml(text: &str) -> Value {
    let Node(document) = serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}"));
    document
}

impl Template {
    /// The template in this folder of `deployment/`.
    pub fn read(folder: &str) -> Self {
        let mut document = read_yaml(&read(&format!("{folder}/template.yaml")));
        let sections = document.as_object_mut().expect("a template is a mapping");
        for name in ["Parameters", "Conditions", "Resources", "Outputs"] {
            sections.entry(name).or_insert_with(|| json!({}));
        }
        Self { document }
    }

    /// A section of the template; empty when it has none.
    pub fn section(&self, name: &str) -> &Map<String, Value> {
        self.document[name].as_object().unwrap_or_else(|| panic!("{name} is no section"))
    }

    /// The stack that these parameters make. What another stack exports is called `import.<name of the export>`; what
    /// AWS makes up, by its logical id and attribute.
    pub fn stack(&self, parameters: &[(&str, &str)]) -> Stack {
        let given: BTreeMap<_, _> = parameters.iter().copied().collect();
        for name in given.keys() {
            assert!(self.section("Parameters").contains_key(*name), "{name} is no parameter");
        }
        let values = self.section("Parameters").iter().map(|(name, parameter)| {
            let value =
                given.get(name.as_str()).map(|value| (*value).into()).or_else(|| parameter.get("Default").cloned());
            let value = value.unwrap_or_else(|| panic!("the parameter {name} has no default"));
            (name.clone(), typed(parameter, &value))
        });
        let evaluation = Evaluation { template: self, parameters: values.collect() };
        Stack {
            resources: evaluation.that_exist("Resources"),
            outputs: evaluation.that_exist("Outputs"),
            function: evaluation.value(&self.document["Globals"]["Function"]).unwrap_or_default(),
        }
    }
}

impl Stack {
    /// The resources of one type, by logical id.
    pub fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let resources = self.resources.iter().filter(move |(_, resource)| resource["Type"] == kind);
        resources.map(|(id, resource)| (id.as_str(), resource))
    }
}

/// A parameter's value: a list where the template says so, and otherwise text.
fn typed(parameter: &Value, value: &Value) -> Value {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if parameter["Type"] == "CommaDelimitedList" { text.split(',').collect() } else { text.into() }
}

struct Evaluation<'a> {
    template: &'a Template,
    parameters: BTreeMap<String, Value>,
}

impl Evaluation<'_> {
    fn that_exist(&self, section: &str) -> BTreeMap<String, Value> {
        let items = self.template.section(section).iter();
        let items = items.filter(|(_, item)| item["Condition"].as_str().is_none_or(|name| self.condition(name)));
        items.filter_map(|(id, item)| Some((id.clone(), self.value(item)?))).collect()
    }

    fn condition(&self, name: &str) -> bool {
        let condition = self.template.section("Conditions").get(name);
        self.holds(condition.unwrap_or_else(|| panic!("{name} is no condition")))
    }

    fn holds(&self, condition: &Value) -> bool {
        let Some((name, argument)) = function(condition) else { panic!("{condition} is no condition") };
        let parts = || argument.as_array().expect("a list of conditions").iter();
        match name {
            "Condition" => self.condition(argument.as_str().expect("a name")),
            "Fn::Equals" => self.text(&argument[0]) == self.text(&argument[1]),
            "Fn::Not" => !self.holds(&argument[0]),
            "Fn::And" => parts().all(|part| self.holds(part)),
            "Fn::Or" => parts().any(|part| self.holds(part)),
            _ => panic!("{name} is no function of conditions"),
        }
    }

    fn text(&self, value: &Value) -> String {
        match self.value(value) {
            Some(Value::String(text)) => text,
            other => panic!("{value} is {other:?} and not text"),
        }
    }

    /// `None` for `AWS::NoValue`.
    fn value(&self, value: &Value) -> Option<Value> {
        if let Some((name, argument)) = function(value) {
            return self.call(name, argument);
        }
        Some(match value {
            Value::Array(items) => items.iter().filter_map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                members.iter().filter_map(|(name, member)| Some((name.clone(), self.value(member)?))).collect()
            }
            plain => plain.clone(),
        })
    }

    fn call(&self, name: &str, argument: &Value) -> Option<Value> {
        Some(match name {
            "Ref" => return self.reference(argument.as_str()?),
            "Fn::GetAtt" => match argument {
                Value::Array(path) => path.iter().map(|part| self.text(part)).collect::<Vec<_>>().join(".").into(),
                path => path.clone(),
            },
            "Fn::If" => {
                let [condition, yes, no] = argument.as_array()?.as_slice() else { panic!("Fn::If of {argument}") };
                return self.value(if self.condition(condition.as_str()?) { yes } else { no });
            }
            "Fn::ImportValue" => format!("import.{}", self.text(argument)).into(),
            "Fn::Join" => {
                let Value::Array(parts) = self.value(&argument[1])? else { panic!("Fn::Join of {argument}") };
                let parts: Vec<_> = parts.iter().filter_map(Value::as_str).collect();
                parts.join(argument[0].as_str()?).into()
            }
            "Fn::Sub" => match argument {
                Value::Array(parts) => self.substitute(parts.first()?.as_str()?, &parts[1]).into(),
                text => self.substitute(text.as_str()?, &Value::Null).into(),
            },
            // What of them matters is made by AWS.
            "Fn::Select" | "Fn::Cidr" | "Fn::GetAZs" => json!(name),
            _ => panic!("{name} is not known here"),
        })
    }

    fn reference(&self, name: &str) -> Option<Value> {
        Some(match name {
            "AWS::NoValue" => return None,
            "AWS::Partition" => "aws".into(),
            "AWS::Region" => "us-east-1".into(),
            "AWS::AccountId" => "123456789012".into(),
            "AWS::URLSuffix" => "amazonaws.com".into(),
            _ => self.parameters.get(name).cloned().unwrap_or_else(|| name.into()),
        })
    }

    fn substitute(&self, text: &str, with: &Value) -> String {
        let mut parts = text.split("${");
        let mut result = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap_or_else(|| panic!("`${{` without an end in {text}"));
            match with.get(name) {
                Some(value) => result.push_str(&self.text(value)),
                None => result.push_str(&self.text(&json!({ "Ref": name }))),
            }
            result.push_str(rest);
        }
        result
    }
}

/// The function that a value calls, if it is a call.
fn function(value: &Value) -> Option<(&str, &Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (name, argument) = members.iter().next()?;
    // A statement of a policy may have a member of the same name.
    let is_call = name == "Ref" || name.starts_with("Fn::") || (name == "Condition" && argument.is_string());
    is_call.then_some((name.as_str(), argument))
}
